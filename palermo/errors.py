"""All mistakes a user can make or mend, each with the exit code it ends the command with."""

from collections.abc import Sequence


class PalermoError(Exception):
    """What was wrong, where, and what to do; one sentence a fault."""

    exit_code = 1

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults: Sequence[str] = faults


class CheckFailed(PalermoError):
    """A check the user asked for did not pass."""

    exit_code = 1


class UsageError(PalermoError):
    """The command was called in a way it cannot follow."""

    exit_code = 2


class ConfigurationError(PalermoError):
    """palermo.toml, the environment or a flag says something that cannot be meant."""

    exit_code = 3


class DependencyUnreachable(PalermoError):
    """Something outside (disk, broker, another run) does not let us work."""

    exit_code = 4


class DataUnusable(PalermoError):
    """The feed cannot be used as it is."""

    exit_code = 5


class SnapshotRefused(PalermoError):
    """Why a snapshot is not used; an older one or the archive is."""
