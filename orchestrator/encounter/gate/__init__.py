"""The gate between who decides and what is true: it tells what is asked, and nothing else."""
