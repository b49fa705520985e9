"""The two searches over a version's passages, dense and sparse, built incrementally."""

from knowledge.index.build import Index, IndexManifest, Progress, build_index, indexed_text, read_manifest
from knowledge.index.dense import DenseIndex, drop_dense, open_dense, write_dense
from knowledge.index.sparse import SparseHit, SparseIndex, write_sparse

__all__ = [
    "DenseIndex",
    "Index",
    "IndexManifest",
    "Progress",
    "SparseHit",
    "SparseIndex",
    "build_index",
    "drop_dense",
    "indexed_text",
    "open_dense",
    "read_manifest",
    "write_dense",
    "write_sparse",
]
