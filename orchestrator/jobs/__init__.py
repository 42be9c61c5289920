"""Jobs that survive the process that does them: a bounded queue, events, workers, and what is forgotten when."""
