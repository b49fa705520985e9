"""The two searches over a version's passages, dense and sparse, built incrementally and calibrated."""

from knowledge.retrieval.index.build import Lookup, Progress, build_index
from knowledge.retrieval.index.dense import DenseIndex, open_dense, write_dense
from knowledge.retrieval.index.opened import Index, IndexManifest, drop_index, indexed_text, read_manifest
from knowledge.retrieval.index.ranking import Ranker, Ranking
from knowledge.retrieval.index.sparse import SparseHit, SparseIndex, write_sparse

__all__ = [
    "DenseIndex",
    "Index",
    "IndexManifest",
    "Lookup",
    "Progress",
    "Ranker",
    "Ranking",
    "SparseHit",
    "SparseIndex",
    "build_index",
    "drop_index",
    "indexed_text",
    "open_dense",
    "read_manifest",
    "write_dense",
    "write_sparse",
]
