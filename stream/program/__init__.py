"""A room's programme: one sample clock, sound as the master, pictures rendered and encoded once."""
