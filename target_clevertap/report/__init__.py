"""What happened in a run: counted while it goes, told when it has ended.

Only what counts is imported here. The report itself is in `compose`, and what writes it in
`folder`: a run needs them at its end.
"""

from target_clevertap.report.measures import Measures
from target_clevertap.report.sdk_metrics import SdkMetrics
from target_clevertap.report.tally import Tally

__all__ = ["Measures", "SdkMetrics", "Tally"]
