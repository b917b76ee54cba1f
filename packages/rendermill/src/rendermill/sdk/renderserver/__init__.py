"""The RenderServer that stands alone: it works on the render tasks of any Cinnamon server, over HTTP."""
