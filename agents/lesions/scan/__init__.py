"""The selective scan: one recurrence over a sequence, computed in three interchangeable ways."""
