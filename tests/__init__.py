"""Tests of CNN Lab."""
