"""How the bundled lesion models were made."""
