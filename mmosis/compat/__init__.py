"""What makes mmosis run on both OpenMMLab families: version check, ops stand-in, safe checkpoint loading."""
