UV := .venv/bin/uv

.PHONY: lock
lock: ## pin every dependency, with hashes, for running and for developing
	.venv/bin/pip install -q uv
	$(UV) pip compile -q --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-header --no-annotate --generate-hashes --extra build pyproject.toml -o requirements.lock
	$(UV) pip compile -q --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-header --no-annotate --generate-hashes --extra build --extra dev pyproject.toml -o requirements-dev.lock
