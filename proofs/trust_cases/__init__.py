"""The projects of `proofs/trust`, one file for each ecosystem, with their cheating and honest changes."""
