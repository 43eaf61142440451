"""The exercises of each lesson; every answer is computed."""
