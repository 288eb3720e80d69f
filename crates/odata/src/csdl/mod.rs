//! CSDL: XML in, XML and JSON out. The only module that knows how a model is written down.
