"""ImageBind: pictures, sounds and words in one space, so that what belongs together lies close together."""
