"""Builds, proves and grades the course's notebooks. Never leaves staff's machines."""
