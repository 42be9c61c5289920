"""From the words of a history or an earlier report to typed cues."""
