"""Tests of pilkada-nlp."""
