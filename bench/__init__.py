"""Speed as ratios: each of our numbers beside a named baseline, measured in the same run."""
