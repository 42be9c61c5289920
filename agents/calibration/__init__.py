"""From scores to probabilities, prediction sets and deferral: fitted on patients that the model had not seen."""
