// Kagzi
