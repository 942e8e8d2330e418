"""Words for the codes of the analysis report."""

WHY_NOT = {
    "view": "this camera angle does not show it well enough",
    "occlusion": "that part of the body was hidden",
    "missing_joint": "a joint it needs was not detected",
    "no_scale": "the true size is not known; give the lifter's height",
    "no_up": "it is not known well enough which way is up; hold the camera level",
    "phase_missing": "the repetition lacks this phase",
    "not_in_skeleton": "the 17 joints do not show it",
}
WHY_REJECTED = {
    "amplitude": "too small a movement",
    "duration": "too short or too long",
    "missing_data": "the body was not detected for long enough",
    "antiphase_legs": "the legs moved in turn, as in walking",
    "feet_moved": "the feet moved",
    "hands_not_on_bar": "the hands did not move as on a bar",
    "posture": "the posture does not fit the exercise",
    "never_locked_out": "it never came back up",
    "edge_of_video": "cut off by the start or end of the video",
    "no_excursion": "no movement of this kind",
    "not_periodic": "no movement that repeats",
}
VIEWS = {
    "front": "from the front",
    "front_oblique": "from the front at an angle",
    "side": "from the side",
    "back_oblique": "from behind at an angle",
    "back": "from behind",
    "unknown": "from an unknown side",
}
UP_FOUND = {
    "given": "given",
    "imu": "from the phone's sensor",
    "standing_body": "from the standing body",
    "support_plane": "from hands and feet",
    "bar_path": "from the bar's path",
    "camera_y": "taken as straight up in the picture",
}
SCALES = {
    "none": "not known; lengths are in thigh lengths",
    "user_height": "from the lifter's height",
    "user_segment": "from a measured limb",
    "plate": "from the plate",
    "calibrated_camera": "from a calibrated camera",
}
KNOWN_BY = {"user": "given", "classifier": "recognised", "heuristic": "recognised by the movement"}
UNITS = {"deg": "°", "femur": "% of thigh", "femur/s": "thighs/s", "percent": "%", "ratio": ""}
