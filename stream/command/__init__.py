"""What an operator types besides serving: rooms, backups, the doctor and the terminal chat."""
