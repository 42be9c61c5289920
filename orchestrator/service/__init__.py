"""The REST service: routers over the queue of jobs and the house, problems as data, and who may do what."""
