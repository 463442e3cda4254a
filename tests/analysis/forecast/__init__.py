"""Tests of the forecast: closed forms, slow twins, properties, small simulations."""
