"""Rooms: on air all day, supervised, in this process or one of their own, and the socket their pages listen to."""
