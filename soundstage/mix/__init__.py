"""Takes to stems, master, film, captions and timeline."""
