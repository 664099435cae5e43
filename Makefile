# Two commands: `make demo` shows the whole way, `make test` proves it.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
# On Linux without a GPU: make demo TORCH_INDEX=https://download.pytorch.org/whl/cpu
TORCH_INDEX ?=

export PATH := $(abspath $(BIN)):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test env clean

demo: env
	@$(BIN)/course demo

# A process for each processor: threads of numpy's and torch's would wait for each other.
demo test: export OMP_NUM_THREADS := 1
test: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n auto --dist loadfile --nbval --nbval-sanitize-with tests/nbval.cfg -p no:cacheprovider source
	$(BIN)/pytest -n auto --maxschedchunk 1

env: $(VENV)/installed

# The stamp is written last: an interrupted installation is taken up again by the next call.
$(VENV)/installed: constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12")'
	@echo "Installing the environment in $(VENV) (once, a few minutes)."
	@$(PYTHON) -m venv $(VENV)
	@$(if $(TORCH_INDEX),$(BIN)/pip install --quiet --index-url $(TORCH_INDEX) "$$(grep '^torch==' constraints.txt)")
	@$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[staff,dev]"
	@touch $@

clean:
	rm -rf $(VENV) demo dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
