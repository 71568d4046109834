"""The systems that can be named on a command line, and where their results lie in a bench's folder."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from soundstage.casting import Casting
from soundstage.errors import BadOption
from soundstage.evaluation.scoring.scores import REFERENCE
from soundstage.evaluation.systems.ablations import Ablation
from soundstage.evaluation.systems.elsewhere import FolderSystem
from soundstage.evaluation.systems.results import RESULTS_FILE, Results
from soundstage.evaluation.systems.studio import SoundstageSystem
from soundstage.evaluation.systems.system import System
from soundstage.evaluation.systems.windowed import WINDOW, WindowedSystem
from soundstage.soundmodels import HOUSE

SYSTEMS: Final = "systems"
_WHOLE, _WINDOWS, _FOLDER = "soundstage", "windows", "folder"

STANDARD: Final = (_WHOLE, *(ablation.value for ablation in Ablation), _WINDOWS)
"""What is run where nobody says otherwise: Soundstage, each of its parts taken out, and the paper's baseline."""


@dataclass(frozen=True)
class Terms:
    """What systems are told: who decides, which sound models and recordings help, the seed, the windows' length (s)."""

    casting: Casting = field(default_factory=Casting)
    makers: tuple[str, ...] = (HOUSE,)
    library: tuple[Path, ...] = ()
    seed: int = 0
    window: float = WINDOW
    joins_every: float | None = None


def system_of(named: str, terms: Terms) -> System:
    """A system by its name: `soundstage`, an ablation, `windows`, `windows:MAKER`, or `folder:PATH`.

    Raises:
        BadOption: there is no such system.
    """
    name, _, rest = named.partition(":")
    make = _MAKES.get(name)
    if make is None or (rest and name not in (_WINDOWS, _FOLDER)):
        known = ", ".join((*STANDARD, "windows:MAKER", "folder:PATH"))
        raise BadOption(f"There is no system {named!r}; name one of: {known}.")
    return make(name, rest, terms)


def systems_of(named: Iterable[str], terms: Terms) -> list[System]:
    """Systems by their names.

    Raises:
        BadOption: there is no such system, or two would be called the same: one's results would replace the other's.
    """
    systems = [system_of(name, terms) for name in dict.fromkeys(named)]
    names = [system.name for system in systems]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadOption(f"Two systems are called {twice[0]}; rename one's folder, and name it anew.")
    return systems


def place_of(system: System, folder: Path) -> Path:
    """Where a system's results lie in a bench's folder."""
    return folder / SYSTEMS / system.name


def results_in(folder: Path, names: Iterable[str] = ()) -> tuple[Results, ...]:
    """All results in a bench's folder, Soundstage first, its ablations after it; only those of the names, if any.

    Raises:
        BadOption: there are none, or none of a name.
        BadBench: a `results.json` is not valid.
    """
    found = [Results.load(path.parent) for path in sorted((folder / SYSTEMS).glob(f"*/{RESULTS_FILE}"))]
    wanted = set(names)
    if missing := sorted(wanted - {each.system for each in found}):
        raise BadOption(f"{folder} has no results of {missing[0]}; run it first: soundstage evaluate run.")
    if not found:
        raise BadOption(f"{folder} has no results; run a system first: soundstage evaluate run {folder}.")
    return tuple(sorted((each for each in found if not wanted or each.system in wanted), key=_place))


def _place(results: Results) -> tuple[int, str]:
    order = [system_of(name, Terms()).name for name in STANDARD]
    return (order.index(results.system) if results.system in order else len(order), results.system)


def _soundstage(name: str, rest: str, terms: Terms) -> System:
    ablations = () if name == _WHOLE else (Ablation(name),)
    return SoundstageSystem(terms.casting, terms.makers, terms.library, ablations, seed=terms.seed)


def _windows(name: str, rest: str, terms: Terms) -> System:
    return WindowedSystem(rest or "procedural", terms.window, terms.seed, terms.library)


def _folder(name: str, rest: str, terms: Terms) -> System:
    if not Path(rest).is_dir() or not rest:
        raise BadOption(f"{rest or 'folder:'} is not a folder of soundtracks; name one: folder:PATH.")
    system = FolderSystem(Path(rest), joins_every=terms.joins_every)
    if not system.name or system.name == REFERENCE or system.name.startswith(_WHOLE):
        raise BadOption(f"{rest} is called as our own results are; rename the folder: its name is the system's.")
    return system


_MAKES: Final[Mapping[str, Callable[[str, str, Terms], System]]] = {
    _WHOLE: _soundstage,
    **{ablation.value: _soundstage for ablation in Ablation},
    _WINDOWS: _windows,
    _FOLDER: _folder,
}
