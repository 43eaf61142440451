"""Tests that run every page without a browser."""
