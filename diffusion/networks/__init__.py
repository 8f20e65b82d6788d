"""The networks: U-Net, autoencoder, text and vision towers, and what hooks change inside of them."""
