"""Models of other people: folders of data alone, on the disk or on the Hugging Face hub."""
