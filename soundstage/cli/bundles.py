"""Options that belong together, as one parameter of every command that takes them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import wraps
from inspect import Parameter, signature
from typing import Any, get_type_hints


def bundled(command: Callable[..., None]) -> Callable[..., None]:
    """A command as the command line sees it: in place of a parameter that is a dataclass stand the fields of that.

    A field is written as any option is, `model: Annotated[str | None, typer.Option("--model")] = None`; such a
    parameter stands behind `*`. What is added to the dataclass is an option of all its commands.
    """
    seen = signature(command)
    bundles = {name: each.annotation for name, each in seen.parameters.items() if is_dataclass(each.annotation)}

    @wraps(command)
    def run(**given: object) -> None:
        command(**_gathered(given, bundles))

    parameters = [option for each in seen.parameters.values() for option in _spread(each)]
    run.__signature__ = seen.replace(parameters=parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    return run


def _spread(parameter: Parameter) -> Iterator[Parameter]:
    bundle: Any = parameter.annotation
    if not is_dataclass(bundle):
        yield parameter
        return
    types = get_type_hints(bundle, include_extras=True)
    for field in fields(bundle):
        default = Parameter.empty if field.default is MISSING else field.default
        yield Parameter(field.name, Parameter.KEYWORD_ONLY, default=default, annotation=types[field.name])


def _gathered(given: Mapping[str, object], bundles: Mapping[str, Any]) -> dict[str, object]:
    """The options of each bundle in one object, and all others as they are."""
    rest, made = dict(given), {}
    for name, bundle in bundles.items():
        made[name] = bundle(**{field.name: rest.pop(field.name) for field in fields(bundle)})
    return rest | made
