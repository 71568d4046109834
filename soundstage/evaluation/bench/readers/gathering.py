"""What all readers do alike: an entry where there is a film, and a word on what is missing where there is none."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from pydantic import ValidationError

from soundstage.evaluation.bench.entries import Bench, Entry
from soundstage.evaluation.bench.problems import Problem
from soundstage.evaluation.bench.readers.media import Media


@dataclass(frozen=True)
class Read:
    """What a reader made of a list: the films that can be used, and what is missing of the others."""

    bench: Bench
    missing: tuple[Problem, ...] = ()


@dataclass
class Gathering:
    """Entries as they are found, in the media of one folder; `source` is the list's file."""

    media: Media
    source: str
    entries: list[Entry] = field(default_factory=list)
    missing: list[Problem] = field(default_factory=list)

    def add(self, id: str, stems: Iterable[str], **known: object) -> None:
        """Take a film up under the first of the names that one has; without it, say so."""
        names = list(dict.fromkeys(stems))
        film = self.media.film(names)
        if film is None:
            self.leave(id, f"no film named {' or '.join(names)} in {self.media.folder}; fetch it, or name its folder")
            return
        sound = self.media.sound((film.stem, *names))
        for file in filter(None, (film, sound)):
            if (count := self.media.count(file)) > 1:
                self.leave(
                    id, f"{count} files named {file.name} lie in {self.media.folder}; rename all but the right one"
                )
                return
        try:
            self.entries.append(
                Entry.model_validate(
                    {
                        "id": id,
                        "film": self.media.relative(film),
                        "sound": self.media.relative(sound) if sound else None,
                        **known,
                    }
                )
            )
        except ValidationError as error:
            self.leave(id, f"{error.errors()[0]['msg']}; correct it in the list")

    def leave(self, id: str, says: str) -> None:
        """Leave an entry of the list out, and say why."""
        self.missing.append(Problem(entry=id, file=self.source, says=says))

    def read(self, name: str, about: str) -> Read:
        """All that was found."""
        bench = Bench(name=name, about=about, source=self.source, entries=tuple(self.entries))
        return Read(bench.at(self.media.folder), tuple(self.missing))
