"""A sandbox for Jupyter kernels on Linux. It knows nothing of courses.

`box` says what a kernel may see and use; `kernels` starts one, forked from a warm `template` or
cold under bubblewrap; `inside` runs between the two, in the new namespaces; `provisioner` offers
the same to everything that speaks Jupyter; `doctor` says what this machine can give.
"""
