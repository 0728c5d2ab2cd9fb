"""CNV: convolution and pooling geometry."""
