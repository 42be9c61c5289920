"""What the lesion network costs: its scans beside another library's."""
