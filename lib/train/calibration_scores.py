"""How well an uncertainty says the errors of recordings that it was not fitted to."""

import numpy as np
from scipy.stats import spearmanr

from lib.infer.calibration import Calibration, log_likelihood, quantile
from lib.skeleton import JOINTS
from lib.train.calibration import OTHERS, Samples, gamma_shape


def constant(samples: Samples) -> tuple[np.ndarray, np.ndarray]:
    """(17,) sigma and (17,) shape of each joint whatever the evidence: what to be better than.

    NaN for the root and for joints without a truth.
    """
    sigma, shape = np.full((2, len(JOINTS)), np.nan)
    for joint in OTHERS[np.isfinite(samples.error_m).any(0)[OTHERS]]:
        square = samples.error_m[np.isfinite(samples.error_m[:, joint]), joint] ** 2
        sigma[joint] = np.sqrt(square.mean())
        shape[joint] = gamma_shape(square / square.mean())
    return sigma, shape


def quality(
    calibration: Calibration, samples: Samples, usual: tuple[np.ndarray, np.ndarray]
) -> dict[str, float]:
    """How well it says the errors of samples it was not fitted to; usual: from `constant`."""
    error = samples.error_m[:, OTHERS]
    ok = np.isfinite(error) & (error > 0)
    shape = np.broadcast_to(calibration.shapes()[OTHERS], error.shape)
    sigma = calibration.sigma(samples.evidence)[:, OTHERS]
    low, high, most = (quantile(sigma, shape, share) for share in (0.05, 0.95, 0.9))
    length = np.where(ok, error, 1.0)
    plain = log_likelihood(length, *(x[OTHERS] for x in usual))
    joints = [spearmanr(sigma[o, i], error[o, i])[0] for i, o in enumerate(ok.T) if o.sum() > 2]
    return {
        "within_90_radius_percent": 100 * float((error <= most)[ok].mean()),
        "within_5_to_95_percent": 100 * float(((error >= low) & (error <= high))[ok].mean()),
        "spearman": float(spearmanr(sigma[ok], error[ok])[0]),
        "spearman_within_joint": float(np.mean(joints)),
        "log_likelihood": float(log_likelihood(length, sigma, shape)[ok].mean()),
        "log_likelihood_constant": float(plain[ok].mean()),
        "rms_error_mm": 1000 * float(np.sqrt((error[ok] ** 2).mean())),
        "rms_sigma_mm": 1000 * float(np.sqrt((sigma[ok] ** 2).mean())),
    }
