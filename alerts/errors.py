"""Everything that can go wrong while alerts are kept: what it was, where, what to do."""


class AlertsError(Exception):
    """The family; nothing of the step that raised it is kept."""


class StoreBusyError(AlertsError):
    """Another run holds the folder."""


class StoreFullError(AlertsError):
    """The disk has no room; the last commit stands."""


class StoreGoneError(AlertsError):
    """The file was moved away, replaced or made read-only while it is needed."""


class StoreUnreadableError(AlertsError):
    """The file is missing, damaged or no store of ours."""


class OtherFolderError(AlertsError):
    """The folder was made by another release, configuration or bundle."""


class PseudonymKeyError(AlertsError):
    """A sink that is not cleared has no usable key."""


class ReplayError(AlertsError):
    """An alert cannot be compared with what it was derived from."""
