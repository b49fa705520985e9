"""Text becomes sound with mouth shapes: the engines, the Chinese text they read, feeling, loudness and the cache."""
