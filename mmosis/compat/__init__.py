"""What makes mmosis run on both OpenMMLab families: version check, silence, ops stand-in, safe checkpoint loading."""
