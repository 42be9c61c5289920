"""Where lesions come from: folders of images and masks, JSRT's nodules, planted phantoms, and crops of all of these."""
