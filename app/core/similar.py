"""Spellings that are one mistake away: a letter wrong, missing or too many, or two neighbours swapped."""

from dataclasses import dataclass

_SHORTEST, _LONGEST = 5, 24
BEYOND = "\U0010ffff"  # sorts after every letter
_LONG = 7  # from here on more of the beginning, or of the end, is untouched by any one mistake


@dataclass(frozen=True, slots=True)
class Spelling:
    """What words that differ by one mistake have in common with a word."""

    word: str

    @classmethod
    def of(cls, word: str) -> "Spelling | None":
        """Nothing for short words and numbers, where one mistake makes another word."""
        is_forgiven = _SHORTEST <= len(word) <= _LONGEST and not any(letter.isdigit() for letter in word)
        return cls(word) if is_forgiven else None

    def parameters(self) -> dict[str, object]:
        """How such words begin or end, how long they are, and the patterns of LIKE that they fit."""
        kept = 3 if len(self.word) >= _LONG else 2
        start, end_reversed = self.word[:kept], self.word[-kept:][::-1]
        return {
            "start": start,
            "start_below": start + BEYOND,
            "end_reversed": end_reversed,
            "end_reversed_below": end_reversed + BEYOND,
            "shortest": len(self.word) - 1,
            "longest": len(self.word) + 1,
            "spellings": [*self._with_a_gap(), *self._swapped()],
        }

    def _with_a_gap(self) -> list[str]:
        word = self.word
        return [f"{word[:place]}%{word[place + 1 :]}" for place in range(len(word))]

    def _swapped(self) -> list[str]:
        word = self.word
        return [f"{word[:at]}{word[at + 1]}{word[at]}{word[at + 2 :]}" for at in range(len(word) - 1)]
