"""The specialists themselves: intake of images, models, inference, weighing, and the recipes that trained them."""
