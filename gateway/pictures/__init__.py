"""Pictures that people upload: floor plans, photos of repairs; looked at before they are kept."""
