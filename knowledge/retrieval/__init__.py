"""Finding evidence: the dense and the sparse index, their fusion, and the decision to answer, ask or refuse."""
