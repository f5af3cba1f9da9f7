"""Alerts: rules over the figures of the boards, and the people who hear of them."""
