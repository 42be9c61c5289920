"""How the tables beside the weigher were made."""
