"""Case memory: keeps clinical cases, finds those like another, shows no more of them than a stage may know."""
