"""The casts by name, for who only names one: the roles themselves take a while to load."""

from enum import StrEnum


class CastName(StrEnum):
    """The casts that there are: the house, which works offline by rules, and the one that asks models."""

    HOUSE = "house"
    LLM = "llm"
