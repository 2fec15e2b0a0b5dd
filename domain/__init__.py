"""The product without HTTP. Start reading here: db, people and catalog carry everything else."""
